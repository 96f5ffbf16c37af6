/**
 * Makes JSON Schemas of the official clients' types: what an encoder writes is
 * held against them. Run by hand after a new version of a client:
 * `deno run -A tests/conformance/schemas/generate.ts`, then name the new files
 * in `tests/conformance/sdk_schemas.ts` and delete the old ones.
 *
 * @module
 */

import { createGenerator } from "ts-json-schema-generator";

/** A file of schemas: the types of one declaration file. */
interface Source {
  readonly name: string;
  readonly package: string;
  readonly files: Readonly<Record<string, readonly string[]>>;
}

const SOURCES: readonly Source[] = [
  {
    name: "openai-chat",
    package: "openai",
    files: {
      "resources/chat/completions/completions.d.ts": [
        "ChatCompletion",
        "ChatCompletionChunk",
        "ChatCompletionCreateParams",
      ],
      "resources/shared.d.ts": ["ErrorObject"],
    },
  },
  {
    name: "openai-responses",
    package: "openai",
    files: {
      "resources/responses/responses.d.ts": [
        "Response",
        "ResponseStreamEvent",
        "ResponseCreateParams",
      ],
    },
  },
  {
    name: "anthropic-messages",
    package: "@anthropic-ai/sdk",
    files: {
      "resources/messages/messages.d.ts": [
        "Message",
        "RawMessageStreamEvent",
        "MessageCreateParams",
      ],
      "resources/shared.d.ts": ["ErrorResponse"],
    },
  },
];

async function packageFolder(name: string): Promise<[string, string]> {
  const info = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
  const config = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const version = String(config.imports[name]).split("@").at(-1) ?? "";
  for await (const registry of Deno.readDir(npmCache)) {
    const folder = `${npmCache}/${registry.name}/${name}/${version}`;
    try {
      await Deno.stat(folder);
      return [folder, version];
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(
    `Cannot find ${name} ${version}: run \`deno install --allow-import\` first`,
  );
}

async function generate(source: Source): Promise<string> {
  const [folder, version] = await packageFolder(source.package);
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    entry,
    Object.entries(source.files).map(([file, types]) =>
      `export type { ${types.join(", ")} } from ${
        JSON.stringify(`${folder}/${file}`)
      };\n`
    ).join(""),
  );
  const generator = createGenerator({
    path: entry,
    skipTypeCheck: true,
    additionalProperties: false,
    topRef: true,
    expose: "all",
    jsDoc: "none",
    encodeRefs: false,
  });
  const definitions = new Map<string, unknown>();
  for (const type of Object.values(source.files).flat()) {
    const schema = generator.createSchema(type);
    for (const [name, value] of Object.entries(schema.definitions ?? {})) {
      definitions.set(name, value);
    }
  }
  await Deno.remove(entry);
  // One definition to a line: a diff shows what a new version changed.
  const lines = [...definitions].sort(([left], [right]) =>
    left < right ? -1 : 1
  ).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const file = `${source.name}-${version}.json`;
  await Deno.writeTextFile(
    new URL(file, import.meta.url),
    `{"definitions": {\n${lines.join(",\n")}\n}}\n`,
  );
  return file;
}

if (import.meta.main) {
  for (const source of SOURCES) console.log(await generate(source));
}
