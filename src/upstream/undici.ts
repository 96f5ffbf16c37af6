/** The HTTP client, the one place it is imported from. @module */

import { restoreAssertions } from "./cheap_assertions.ts";
import { buildConnector, Client, Pool, ProxyAgent } from "undici";

restoreAssertions();

export type { Dispatcher } from "undici";
export { buildConnector, Client, Pool, ProxyAgent };
