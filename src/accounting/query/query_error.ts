/** A question to the usage log that cannot be answered as it was put. @module */

/** Names the parameter, and in its message the value and the fix. */
export class QueryError extends Error {
  /** Tells it from bugs. */
  override name = "QueryError";
  /** The parameter, as the API calls it. */
  readonly param: string;

  /** Makes it. */
  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}
