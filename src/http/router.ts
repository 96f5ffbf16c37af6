/** Finds the route of a request target. What is not in the table does not exist. @module */

import type { Route, RouteMethod } from "./route.ts";

/** What a target leads to. */
export type RouteMatch =
  | {
    readonly kind: "found";
    readonly route: Route;
    readonly parameters: ReadonlyMap<string, string>;
  }
  | {
    readonly kind: "method";
    readonly path: string;
    readonly route: Route;
    readonly allow: string;
  }
  | { readonly kind: "unknown" };

type Methods = Map<RouteMethod, Route>;

interface Template {
  readonly segments: readonly string[];
  readonly methods: Methods;
}

const UNKNOWN: RouteMatch = { kind: "unknown" };
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();

/** The table, indexed. */
export class Router {
  readonly #exact = new Map<string, Methods>();
  readonly #found = new Map<Route, RouteMatch>();
  readonly #templates: Template[] = [];

  /**
   * Indexes the rows.
   *
   * @throws {TypeError} when two rows have the same method and path.
   */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const methods = this.#methods(route.path);
      if (methods.has(route.method)) {
        throw new TypeError(
          `Cannot build the routes: ${route.method} ${route.path} is there twice`,
        );
      }
      methods.set(route.method, route);
      this.#found.set(route, {
        kind: "found",
        route,
        parameters: NO_PARAMETERS,
      });
    }
  }

  /** Looks up an upper-case method and a raw path without its query. */
  match(method: string, path: string): RouteMatch {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return this.#choose(method, exact, NO_PARAMETERS);
    const raw = path.split("/");
    for (const template of this.#templates) {
      if (template.segments.length !== raw.length) continue;
      const parameters = matchSegments(template, raw);
      if (parameters === null) continue;
      return this.#choose(method, template.methods, parameters);
    }
    return UNKNOWN;
  }

  #choose(
    method: string,
    methods: Methods,
    parameters: ReadonlyMap<string, string>,
  ): RouteMatch {
    const route = methods.get(
      (method === "HEAD" ? "GET" : method) as RouteMethod,
    );
    if (route === undefined) {
      const [first] = methods.values();
      if (first === undefined) return UNKNOWN;
      const allow = [...methods.keys()];
      const names = methods.has("GET") ? ["HEAD", ...allow] : allow;
      return {
        kind: "method",
        path: first.path,
        route: first,
        allow: names.join(", "),
      };
    }
    if (parameters.size === 0) return this.#found.get(route) ?? UNKNOWN;
    return { kind: "found", route, parameters };
  }

  #methods(path: string): Methods {
    if (!path.includes("{")) {
      const known = this.#exact.get(path);
      if (known !== undefined) return known;
      const methods: Methods = new Map();
      this.#exact.set(path, methods);
      return methods;
    }
    const segments = path.split("/");
    for (const template of this.#templates) {
      if (template.segments.join("/") === path) return template.methods;
    }
    const methods: Methods = new Map();
    this.#templates.push({ segments, methods });
    return methods;
  }
}

function matchSegments(
  template: Template,
  raw: readonly string[],
): ReadonlyMap<string, string> | null {
  const [route] = template.methods.values();
  const slash = route?.slashInParameter ?? false;
  const parameters = new Map<string, string>();
  for (const [index, segment] of template.segments.entries()) {
    const value = raw[index] ?? "";
    if (!segment.startsWith("{")) {
      if (segment !== value) return null;
      continue;
    }
    const decoded = decodeSegment(value, slash);
    if (decoded === null) return null;
    parameters.set(segment.slice(1, -1), decoded);
  }
  return parameters;
}

/**
 * Decodes one segment once. `null` for what must never be taken for a path:
 * a slash unless `slash`, a backslash, a control character, `.` and `..`.
 */
function decodeSegment(raw: string, slash: boolean): string | null {
  let text = raw;
  if (raw.includes("%")) {
    try {
      text = decodeURIComponent(raw);
    } catch {
      return null;
    }
  }
  if (text === "" || text.includes("\\")) return null;
  if (!slash && text.includes("/")) return null;
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) return null;
  const dots = text.split("/").some((part) => part === "." || part === "..");
  return dots ? null : text;
}
