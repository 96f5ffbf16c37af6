/** What may be changed about heads while the gateway runs, and the file it is kept in. @module */

import { dirname } from "node:path";
import { z } from "zod";
import { SELECTOR_NAMES, type SelectorName } from "../config/schema/models.ts";
import { BrokenStateError, readStateFile } from "./state_file.ts";

/** How heads take part. */
export interface HeadPolicy {
  /** Whether they do at all. */
  readonly enabled: boolean;
  /** Selector of groups with heads that name none of their own (`in_order`). */
  readonly defaultStrategy: SelectorName | null;
  /** Whether the region that an alias asks for counts. */
  readonly enableGeoRouting: boolean;
  /** Whether the least loaded is preferred where an alias says so; else they take turns. */
  readonly enableLoadBalancing: boolean;
  /** Whether the class that an alias asks for counts. */
  readonly enableModelSpecific: boolean;
}

/** Everything as the config says. */
export const DEFAULT_POLICY: HeadPolicy = {
  enabled: true,
  defaultStrategy: null,
  enableGeoRouting: true,
  enableLoadBalancing: true,
  enableModelSpecific: true,
};

/** Reads a policy; what is missing is the default. */
export const headPolicySchema: z.ZodType<HeadPolicy> = z.strictObject({
  enabled: z.boolean().default(DEFAULT_POLICY.enabled),
  defaultStrategy: z.enum(SELECTOR_NAMES).nullable().default(
    DEFAULT_POLICY.defaultStrategy,
  ),
  enableGeoRouting: z.boolean().default(DEFAULT_POLICY.enableGeoRouting),
  enableLoadBalancing: z.boolean().default(DEFAULT_POLICY.enableLoadBalancing),
  enableModelSpecific: z.boolean().default(DEFAULT_POLICY.enableModelSpecific),
});

/** Where the policy of a gateway is kept. */
export function policyPath(stateDir: string): string {
  return `${stateDir}/policy.json`;
}

/** Reads the kept policy; the default if there is none. @throws {Error} when the file cannot be used */
export async function readPolicy(path: string): Promise<HeadPolicy> {
  const text = await readStateFile(path);
  if (text === null) return DEFAULT_POLICY;
  try {
    return headPolicySchema.parse(JSON.parse(text));
  } catch (error) {
    throw new BrokenStateError(
      path,
      "PUT /api/routing/policy writes it anew",
      error,
    );
  }
}

/** Keeps a policy. */
export async function writePolicy(
  path: string,
  policy: HeadPolicy,
): Promise<void> {
  const part = `${path}.part`;
  const text = `${JSON.stringify(policy, null, 2)}\n`;
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(part, text, { mode: 0o600 });
  await Deno.rename(part, path);
}

/** The selector that a group with heads goes by. */
export function headSelector(
  configured: SelectorName,
  policy: HeadPolicy,
): SelectorName {
  const chosen = configured === "in_order"
    ? policy.defaultStrategy ?? configured
    : configured;
  return chosen === "least_loaded" && !policy.enableLoadBalancing
    ? "round_robin"
    : chosen;
}
