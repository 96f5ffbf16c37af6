/** Other gateways that the bench measures beside ours, where they are installed. @module */

/** A gateway of somebody else. */
export interface Peer {
  /** How the table calls it. */
  readonly name: string;
  /** How it is installed. */
  readonly install: string;
  /** The program's name, and what its real path holds. */
  readonly program: readonly [name: string, within: string];
  /** The path that is asked. */
  readonly path: string;
  /** Writes its config into a folder; gives arguments, environment and the headers it wants. */
  prepare(at: PeerPlace): Promise<PeerStart>;
}

/** Where a peer runs. */
export interface PeerPlace {
  /** A folder of its own. */
  readonly folder: string;
  /** The port it listens on. */
  readonly port: number;
  /** The upstream's port. */
  readonly upstreamPort: number;
}

/** How a peer is started. */
export interface PeerStart {
  /** Arguments. */
  readonly args: readonly string[];
  /** Environment beside ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
}

const PORTKEY: Peer = {
  name: "Portkey",
  install: "npm install --global @portkey-ai/gateway",
  program: ["gateway", "@portkey-ai"],
  path: "/v1/chat/completions",
  prepare: ({ port, upstreamPort }) =>
    Promise.resolve({
      args: [`--port=${port}`, "--headless"],
      env: {},
      headers: {
        "authorization": "Bearer key",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
      },
    }),
};

const CLAUDE_CODE_ROUTER: Peer = {
  name: "claude-code-router (messages to chat)",
  install: "npm install --global @musistudio/claude-code-router",
  program: ["ccr", "claude-code-router"],
  path: "/v1/messages",
  prepare: async ({ folder, port, upstreamPort }) => {
    const home = `${folder}/ccr-${port}`;
    await Deno.mkdir(`${home}/.claude-code-router`, { recursive: true });
    await Deno.writeTextFile(
      `${home}/.claude-code-router/config.json`,
      JSON.stringify({
        LOG: false,
        HOST: "127.0.0.1",
        PORT: port,
        Providers: [{
          name: "up",
          api_base_url: `http://127.0.0.1:${upstreamPort}/v1/chat/completions`,
          api_key: "key",
          models: ["up-model"],
        }],
        Router: { default: "up,up-model" },
      }),
    );
    return {
      args: ["start"],
      env: { HOME: home },
      headers: { "x-api-key": "key", "anthropic-version": "2023-06-01" },
    };
  },
};

const LITELLM: Peer = {
  name: "LiteLLM",
  install: "pip install 'litellm[proxy]'",
  program: ["litellm", "litellm"],
  path: "/v1/chat/completions",
  prepare: async ({ folder, port, upstreamPort }) => {
    const path = `${folder}/litellm-${port}.json`;
    await Deno.writeTextFile(
      path,
      // JSON is YAML.
      JSON.stringify({
        model_list: [{
          model_name: "fast",
          litellm_params: {
            model: "openai/up-model",
            api_base: `http://127.0.0.1:${upstreamPort}/v1`,
            api_key: "key",
          },
        }],
      }),
    );
    return {
      args: ["--config", path, "--host", "127.0.0.1", "--port", String(port)],
      env: {
        LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: "true",
        LITELLM_LOCAL_MODEL_COST_MAP: "true",
      },
      headers: {},
    };
  },
};

/** The peers that are installed; says on the terminal how the others would be. */
export async function installedPeers(): Promise<Peer[]> {
  const found: Peer[] = [];
  for (const peer of [PORTKEY, CLAUDE_CODE_ROUTER, LITELLM]) {
    if (await isInstalled(...peer.program)) found.push(peer);
    else console.log(`skipped: ${peer.name} (${peer.install})`);
  }
  return found;
}

/** Some of the names are common: what else is called so does not count. */
async function isInstalled(name: string, within: string): Promise<boolean> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      const path = await Deno.realPath(`${folder}/${name}`);
      if (path.includes(within)) return true;
    } catch {
      // Not here.
    }
  }
  return false;
}
