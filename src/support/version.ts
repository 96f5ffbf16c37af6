/** The program's name and version. @module */

import manifest from "../../deno.json" with { type: "json" };

/** Name, as it stands in headers, logs and metrics. */
export const NAME = "signalbox";

/** Version of this build. */
export const VERSION: string = manifest.version;
