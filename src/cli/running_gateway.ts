/** The running gateway that a command asks: by its address, else by the config. @module */

import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { isJsonObject } from "../support/json.ts";
import { askGateway } from "../upstream/gateway_client.ts";
import {
  type Arguments,
  CONFIG_FLAG,
  type Flag,
  UsageError,
} from "./command.ts";
import type { Terminal } from "./output.ts";

/** The flags by which a gateway is found. */
export const GATEWAY_FLAGS: readonly Flag[] = [
  {
    name: "url",
    value: "URL",
    summary: "Address of the gateway; else that of the config's server",
  },
  {
    name: "token",
    value: "TOKEN",
    summary: "Admin token; better given as $SIGNALBOX_ADMIN_TOKEN",
  },
  CONFIG_FLAG,
];

/** Asks one gateway. */
export class RunningGateway {
  /** Its address. */
  readonly url: string;
  readonly #token: string | null;

  private constructor(url: string, token: string | null) {
    this.url = url;
    this.#token = token;
  }

  /**
   * Finds it by the flags.
   *
   * @throws {UsageError} for an address that is none
   */
  static async find(
    given: Arguments,
    terminal: Terminal,
  ): Promise<RunningGateway> {
    const { environment } = terminal;
    const address = given.value("url");
    const token = given.value("token") ??
      environment.get("SIGNALBOX_ADMIN_TOKEN") ?? null;
    if (address === undefined) {
      const path = given.value("config");
      const { config } = await loadConfig({ path, environment });
      const known = token ?? config.admin.token?.reveal() ?? null;
      return new RunningGateway(addressOf(config), known);
    }
    if (!URL.canParse(address) || !/^https?:/.test(address)) {
      throw new UsageError(
        `Cannot use --url ${address}: give an address such as http://127.0.0.1:3456`,
      );
    }
    return new RunningGateway(address, token);
  }

  /** Gets a document, with its status. @throws {Error} when nobody answers, or not in JSON */
  async get(path: string): Promise<{ status: number; body: unknown }> {
    const { status, text } = await askGateway({
      url: this.url,
      path,
      token: this.#token,
    });
    try {
      return { status, body: JSON.parse(text) };
    } catch {
      throw new Error(
        `Cannot read ${path} of ${this.url}: it is no JSON; is it a Signalbox gateway?`,
      );
    }
  }

  /** Gets a document that needs the admin token. @throws {Error} with the gateway's own words when it refuses */
  async read(path: string): Promise<unknown> {
    const { status, body } = await this.get(path);
    if (status === 200) return body;
    const error = isJsonObject(body) ? body["error"] : null;
    const words = isJsonObject(error) ? error["message"] : "no reason given";
    throw new Error(
      `Cannot read ${path} of ${this.url}: it answered ${status}: ${words}`,
    );
  }
}

/** Where a process on this machine reaches the server of a config. */
function addressOf({ server }: Config): string {
  const isAny = server.host === "0.0.0.0" || server.host === "::";
  const host = isAny ? "127.0.0.1" : server.host;
  return `http://${host.includes(":") ? `[${host}]` : host}:${server.port}`;
}
