/** `signalbox serve`: the gateway as a process: signals, log, lock, listener. @module */

import { checkExposure } from "../config/checks/exposure.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { ConfigError, formatPath } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import type { ListenAt } from "../http/listener.ts";
import type { LogWriter } from "../support/log_writer.ts";
import {
  type Arguments,
  type Command,
  CONFIG_FLAG,
  UsageError,
} from "./command.ts";
import { Gateway } from "./gateway.ts";
import { inheritedSocket } from "./inherited_socket.ts";
import { lockState } from "./state_lock.ts";
import { openLog } from "./log.ts";
import type { Terminal } from "./output.ts";

/** `signalbox serve`. */
export const serveCommand: Command = {
  usage: "[--config PATH] [--host HOST] [--port PORT]",
  flags: [
    CONFIG_FLAG,
    { name: "host", value: "HOST", summary: "Instead of server.host" },
    { name: "port", value: "PORT", summary: "Instead of server.port" },
  ],
  notes:
    "Stops at SIGTERM or SIGINT after running requests have ended, at once at a second one; reloads the config at SIGHUP.",
  run: serve,
};

async function serve(given: Arguments, terminal: Terminal): Promise<number> {
  // SIGHUP, SIGUSR1 and SIGUSR2 end a process that has no handler for them.
  const signals = new SignalQueue();
  const { environment } = terminal;
  const load = async () =>
    withOverrides(
      await loadConfig({ path: given.value("config"), environment }),
      given,
    );
  const loaded = await load();
  const { config } = loaded;
  const log = openLog(config.log, {
    journalStream: environment.get("JOURNAL_STREAM") ?? "",
    noColor: environment.get("NO_COLOR") ?? "",
  });
  using _alive = keepAlive(log);
  try {
    using _lock = await lockState(config.stateDir, config.server.instance);
    const gateway = await Gateway.build({
      loaded,
      load,
      log,
      logWriter: log,
    });
    await listen(gateway, config, inheritedSocket(environment, Deno.pid), log);
    return await run(gateway, signals, log);
  } finally {
    signals[Symbol.dispose]();
    await log.close(1000);
  }
}

/** Keeps the process alive through what nobody caught: one request's bug is not everybody's end. */
function keepAlive(log: LogWriter): Disposable {
  const onError = (event: ErrorEvent | PromiseRejectionEvent) => {
    event.preventDefault();
    const error: unknown = "reason" in event ? event.reason : event.error;
    log.log("error", "uncaught error", {
      error: error instanceof Error
        ? error.stack ?? error.message
        : String(error),
    });
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onError);
  return {
    [Symbol.dispose]: () => {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onError);
    },
  };
}

async function listen(
  gateway: Gateway,
  config: Config,
  fd: number | null,
  log: LogWriter,
): Promise<void> {
  const { host, port } = config.server;
  const at: ListenAt = fd === null ? { host, port } : { fd };
  try {
    await gateway.listen(at);
  } catch (error) {
    await gateway[Symbol.asyncDispose]();
    throw new Error(listenProblem(config, error), { cause: error });
  }
  const { address } = gateway.server;
  log.log("info", "listening", {
    url: address === null
      ? "inherited socket"
      : `http://${bracketed(address.host)}:${address.port}`,
  });
}

function listenProblem(config: Config, error: unknown): string {
  const { host, port } = config.server;
  const code = error instanceof Error ? Reflect.get(error, "code") : null;
  const where = `Cannot listen on ${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return `${where}: the port is in use: stop the other program, or set server.port (or --port) to a free one`;
    case "EACCES":
      return `${where}: not permitted: use a port above 1023, or a systemd socket`;
    case "EADDRNOTAVAIL":
      return `${where}: this machine has no such address: set server.host to one it has`;
    default:
      return `${where}: ${error instanceof Error ? error.message : error}`;
  }
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

async function run(
  gateway: Gateway,
  signals: SignalQueue,
  log: LogWriter,
): Promise<number> {
  for (;;) {
    const signal = await signals.next();
    if (signal === "SIGHUP") {
      await gateway.reload();
      continue;
    }
    log.log("info", "draining", {
      signal,
      inFlight: gateway.server.inFlight.count,
    });
    const drained = gateway.drain();
    const ended = await Promise.race([drained, signals.nextStop()]);
    if (typeof ended === "string") {
      log.log("warn", "stopped at once", { signal: ended });
      return exitCode(await gateway.close(), log);
    }
    log.log("info", "stopped", {
      told: ended.told,
      brokenOff: ended.cut.length,
    });
    return exitCode(ended.closed, log);
  }
}

/** 0, or 3 where something had to be left behind. */
function exitCode(closed: boolean, log: LogWriter): number {
  if (closed) return 0;
  log.log("error", "ended without closing everything", {
    error: "something does not end: a disk that does not answer?",
  });
  return 3;
}

function withOverrides(loaded: LoadedConfig, given: Arguments): LoadedConfig {
  const host = given.value("host");
  const port = given.value("port");
  if (host === undefined && port === undefined) return loaded;
  const { server } = loaded.config;
  const config = {
    ...loaded.config,
    server: {
      ...server,
      host: host ?? server.host,
      port: port === undefined ? server.port : portNumber(port),
    },
  };
  // The file held together without the flags.
  const problems = [...checkExposure({ config, references: new Map() })];
  if (problems.length === 0) return { ...loaded, config };
  throw new ConfigError(
    `${loaded.source} with --host ${config.server.host} --port ${config.server.port}`,
    problems.map(({ path, problem, fix }) => ({
      path: formatPath(path),
      problem,
      fix,
      position: null,
    })),
  );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(
    `Cannot use --port ${text}: give a number from 0 to 65535`,
  );
}

type StopSignal = "SIGTERM" | "SIGINT";
type Signal = StopSignal | "SIGHUP";

/** Signals in the order in which they came. */
class SignalQueue {
  readonly #arrived: Signal[] = [];
  readonly #handlers: [Deno.Signal, () => void][] = [];
  #wake: (() => void) | null = null;

  constructor() {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      this.#listen(signal, () => {
        this.#arrived.push(signal);
        this.#wake?.();
      });
    }
    for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
      this.#listen(signal, () => {});
    }
  }

  async next(): Promise<Signal> {
    for (;;) {
      const signal = this.#arrived.shift();
      if (signal !== undefined) return signal;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The next signal that means stop. */
  async nextStop(): Promise<StopSignal> {
    for (;;) {
      const signal = await this.next();
      if (signal !== "SIGHUP") return signal;
    }
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) {
      Deno.removeSignalListener(signal, handler);
    }
  }

  #listen(signal: Deno.Signal, handler: () => void): void {
    Deno.addSignalListener(signal, handler);
    this.#handlers.push([signal, handler]);
  }
}
