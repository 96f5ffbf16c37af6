/** What the parts of one request's encoding share. @module */

import {
  invalidField,
  type RequestError,
} from "../../exchange/gateway_error.ts";
import type { CanonicalRequest, Loss } from "../canonical.ts";
import { placeOf } from "../client_fields.ts";
import type { TargetProfile } from "../protocol.ts";
import { ToolNameMap, toolNamesIn } from "../tool_names.ts";

/** One request on its way to a messages provider: where it goes and what gets lost. */
export class Encoding {
  /** Where it goes. */
  readonly target: TargetProfile;
  /** What could not be expressed, in the order in which it was found. */
  readonly losses: Loss[] = [];
  /** Tool names as the target takes them. */
  readonly toolNames: ToolNameMap;
  readonly #request: CanonicalRequest;

  /** Begins the encoding of `request`. */
  constructor(request: CanonicalRequest, target: TargetProfile) {
    this.target = target;
    this.#request = request;
    this.toolNames = new ToolNameMap(toolNamesIn(request));
  }

  /** Where a block stood in the client's body. */
  placeOf(block: object): string {
    return placeOf(this.#request, block);
  }

  /** Records that `field` is dropped or changed. */
  lose(field: string, reason: string): void {
    this.losses.push({ field, reason });
  }

  /** Builds the 400 for what this target cannot be told and what must not be dropped. */
  refuse(field: string, reason: string, instead: string): RequestError {
    return invalidField(
      field,
      `Cannot send ${field} to ${this.target.provider}/${this.target.model}: ${reason}; ${instead}`,
      "unsupported_parameter",
    );
  }
}
