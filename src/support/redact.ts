/**
 * Takes credentials out of whatever is kept or quoted: by name, by the shapes
 * that vendors give their keys, and by value. Every pattern is linear: a run of
 * characters is entered at its beginning only, so none is read twice.
 *
 * @module
 */

import { isJsonObject, type JsonValue } from "./json.ts";

/** What stands in place of a credential. */
export const MASK = "***";

/** Secrets shorter than this are words of every text. */
const LEAST_SECRET_CHARS = 8;
/** Most values of a document; what is beyond is masked as a whole. */
const MOST_VALUES = 200_000;

/** Names of credentials, in small letters without - and _. */
const NAMES: ReadonlySet<string> = new Set([
  "authorization",
  "proxyauthorization",
  "cookie",
  "setcookie",
  "secret",
  "credential",
  "credentials",
  "passwd",
  "passphrase",
  "privatekey",
  "secretaccesskey",
  "accountkey",
  "sharedaccesskey",
  "subscriptionkey",
  "sessiontoken",
  "securitytoken",
  "xamzsecuritytoken",
]);
const NAME_END_REGEXP =
  /(?:apikey|password|secretkey|clientsecret|accesstoken|refreshtoken|idtoken|authtoken|bearertoken)$/;

// Each begins where no character of its run stands before it.
const SHAPES: readonly RegExp[] = [
  // Prefixed keys of vendors: sk-..., sk-ant-..., gsk_..., xai-..., sbx_...
  /(?<![A-Za-z0-9_-])(?:sk|pk|rk|gsk|xai|sbx|pplx|nvapi|hf|r8|tgp|fw|csk|glpat|ghp|gho|ghu|ghs|ghr|github_pat|npm|xox[abeprs]|dop_v1|key)[-_][A-Za-z0-9*_-]{12,}/g,
  /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{20,}/g,
  /(?<![A-Za-z0-9_-])(?:AKIA|ASIA)[A-Z0-9]{12,}/g,
  /(?<![A-Za-z0-9_-])ya29\.[A-Za-z0-9_-]{10,}/g,
  // JSON Web Tokens.
  /(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_.-]{10,}/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,20000}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
];
const SCHEME_REGEXP =
  /(?<![A-Za-z])(bearer|basic|token)([ \t]{1,4})[A-Za-z0-9._~+/=:-]{8,}/gi;
const USER_INFO_REGEXP = /(:\/\/[^\s:/@?#"']{0,256}:)[^\s/@?#"']{1,256}(?=@)/g;
const ASSIGNED_REGEXP =
  /(?<![A-Za-z0-9])((?:x-)?(?:api[-_]?key|access[-_]?token|refresh[-_]?token|auth[-_]?token|client[-_]?secret|secret[-_]?(?:access[-_]?)?key|password|passwd|authorization|cookie)["']?[ \t]{0,4}[:=][ \t]{0,4})("(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"',;&}\])]{1,4096})/gi;

/** Takes credentials out of texts, headers and documents. */
export class Redactor {
  readonly #secrets: readonly string[];
  /** The last text without a credential: most answers carry the same headers. */
  #clean = "";

  /** Knows `secrets` by value, beside everything that looks like one. */
  constructor(secrets: Iterable<string> = []) {
    // A secret that holds another one must go first, or its rest would stay.
    this.#secrets = [...new Set(secrets)]
      .filter((secret) => secret.length >= LEAST_SECRET_CHARS)
      .sort((left, right) => right.length - left.length);
  }

  /** Tells whether a field, header or parameter of this name carries a credential. */
  isCredential(name: string): boolean {
    const plain = name.toLowerCase().replaceAll(/[-_]/g, "");
    return NAMES.has(plain) || NAME_END_REGEXP.test(plain);
  }

  /** Masks credentials in a text. */
  text(text: string): string {
    if (text === this.#clean) return text;
    const masked = this.#masked(text);
    if (masked === text) this.#clean = text;
    return masked;
  }

  #masked(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) {
      clean = clean.replaceAll(secret, MASK);
    }
    for (const shape of SHAPES) clean = clean.replace(shape, MASK);
    return clean
      .replace(SCHEME_REGEXP, `$1$2${MASK}`)
      .replace(USER_INFO_REGEXP, `$1${MASK}`)
      .replace(ASSIGNED_REGEXP, (_match, name: string, value: string) => {
        const quote = /^["']/.exec(value)?.[0] ?? "";
        return `${name}${quote}${MASK}${quote}`;
      });
  }

  /** Masks credentials in headers, alternating. */
  headers(headers: readonly string[]): string[] {
    return headers.map((value, index) => {
      if (index % 2 === 0) return value;
      return this.isCredential(headers[index - 1] ?? "")
        ? MASK
        : this.text(value);
    });
  }

  /** Copies a document with its credentials masked. Any depth. */
  json(root: JsonValue): JsonValue {
    const holder: JsonValue[] = [root];
    const stack: Place[] = [{
      into: holder,
      key: 0,
      value: root,
      rule: "look",
    }];
    let left = MOST_VALUES;
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      put(place, left-- > 0 ? this.#copy(place, stack) : MASK);
    }
    return holder[0] ?? null;
  }

  #copy({ value, rule }: Place, stack: Place[]): JsonValue {
    if (typeof value === "string") {
      return rule === "mask" ? MASK : this.text(value);
    }
    if (Array.isArray(value)) {
      const copy: JsonValue[] = new Array(value.length).fill(null);
      for (const [key, item] of value.entries()) {
        stack.push({ into: copy, key, value: item, rule });
      }
      return copy;
    }
    if (!isJsonObject(value)) {
      return rule === "mask" && typeof value === "number" ? MASK : value;
    }
    // A null prototype: `__proto__` is a key like any other.
    const copy = Object.create(null) as { [key: string]: JsonValue };
    for (const key of Object.keys(value)) {
      const item = value[key] ?? null;
      stack.push({ into: copy, key, value: item, rule: this.#rule(key, rule) });
    }
    return copy;
  }

  /** A schema describes a field named `password`; it does not hold one. */
  #rule(key: string, around: Rule): Rule {
    if (around === "mask") return "mask";
    if (around === "names") return "look";
    if (key === "properties") return "names";
    return this.isCredential(key) ? "mask" : "look";
  }
}

/** `names`: the keys of this object are names of fields, not fields. */
type Rule = "look" | "mask" | "names";

interface Place {
  readonly into: JsonValue[] | { [key: string]: JsonValue };
  readonly key: string | number;
  readonly value: JsonValue;
  readonly rule: Rule;
}

function put({ into, key }: Place, value: JsonValue): void {
  if (Array.isArray(into)) into[Number(key)] = value;
  else into[key] = value;
}
