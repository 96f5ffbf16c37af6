/** URLs that are called: nothing in them may lead elsewhere than it seems. @module */

import { PROTOCOL_NAMES } from "../../exchange/names.ts";
import type { ConfigPath } from "../problem.ts";
import type { PathProblem } from "../schema_problems.ts";
import { type CheckFacts, shown } from "./check.ts";

/** Paths that the gateway adds itself. */
const ENDPOINT_REGEXP = /\/(chat\/completions|messages|responses)\/*$/;

/** Link-local addresses: where clouds serve credentials. The URL parser has canonicalised every spelling. */
const LINK_LOCAL_REGEXP =
  /^169\.254\.|^\[fe[89ab]|^\[::ffff:a9fe:|^metadata\.google\.internal$/;

/** What may stand in a URL. */
export interface UrlRules {
  /** Whether it may name a user and password. */
  readonly userinfo: boolean;
  /** Whether the value must not be shown. */
  readonly hidden: boolean;
  /** Whether it is a base that paths are added to. */
  readonly base: boolean;
}

/** Says what is wrong with the parts of a URL, `null` if nothing is. */
function partsProblem(
  url: URL,
  text: string,
  rules: UrlRules,
): readonly [string, string] | null {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return [
      `has the scheme ${url.protocol.slice(0, -1)}`,
      "use http:// or https://",
    ];
  }
  if (!rules.userinfo && (url.username !== "" || text.includes("@"))) {
    return [
      "names a user before an @",
      "remove it; keys go into keys or headers",
    ];
  }
  if (text.includes("#")) {
    return ["has a fragment after a #", "remove it"];
  }
  if (rules.base && text.includes("?")) {
    return ["has a query after a ?", "move the parameters into query"];
  }
  if (LINK_LOCAL_REGEXP.test(url.hostname)) {
    return ["leads to a link-local address", "use the provider's own address"];
  }
  if (rules.base && ENDPOINT_REGEXP.test(url.pathname)) {
    return [
      "ends with the path of an endpoint",
      "give the base URL, as in https://api.openai.com/v1",
    ];
  }
  return null;
}

/** Says what is wrong with a URL, `null` if nothing is. */
export function urlProblem(
  facts: CheckFacts,
  path: ConfigPath,
  text: string,
  rules: UrlRules,
): PathProblem | null {
  // What stands before an @ or after a ? may be a secret.
  const hidden = rules.hidden || /[@?]/.test(text);
  const name = hidden ? "the URL" : `URL ${shown(facts, path, text)}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || /[\s\\]/.test(text)) {
    return {
      path,
      problem: `${name} is not valid`,
      fix: "give a URL such as https://api.example.com/v1",
    };
  }
  const found = partsProblem(url, text, rules);
  return found && { path, problem: `${name} ${found[0]}`, fix: found[1] };
}

/** Checks the URLs of providers, their proxies and the price list. */
export function* checkUrls(facts: CheckFacts): Generator<PathProblem> {
  const { providers, pricing } = facts.config;
  for (const [name, provider] of providers) {
    const path = ["providers", name];
    for (const protocol of PROTOCOL_NAMES) {
      const url = provider.protocols?.get(protocol);
      if (url === undefined) continue;
      const problem = urlProblem(
        facts,
        [...path, "protocols", protocol],
        url,
        { userinfo: false, hidden: false, base: true },
      );
      if (problem) yield problem;
    }
    if (provider.proxyUrl) {
      const problem = urlProblem(
        facts,
        [...path, "proxyUrl"],
        provider.proxyUrl.reveal(),
        { userinfo: true, hidden: true, base: false },
      );
      if (problem) yield problem;
    }
  }
  const problem = urlProblem(
    facts,
    ["pricing", "openrouter", "url"],
    pricing.openrouter.url,
    { userinfo: false, hidden: false, base: false },
  );
  if (problem) yield problem;
}
