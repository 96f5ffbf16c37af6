/**
 * Runs `deno doc --lint` over the program under the folder given (default: this
 * repository) and prints what is to be mended. All files go into one run: a type
 * of a file that is not among them would count as private. Two kinds of findings
 * are left out, since no doc comment can mend them: types that a package
 * defines, and schemas, whose type is inferred.
 *
 * @module
 */

/** One finding of `deno doc --lint`, with the text it was printed as. */
interface Finding {
  readonly code: string;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

const FINDING_REGEXP = /^error\[([\w-]+)\]: .*\n\s*--> (.*):(\d+):\d+$/m;

/** Line number and text of the declaration that a finding points at beside its own place. */
const DECLARATION_REGEXP =
  /^ *(\d+) \| (.*)\n *\| *-+ this is the referenced type$/m;

const root = Deno.args[0] ??
  decodeURIComponent(new URL("../../", import.meta.url).pathname);
const paths = ["main.ts", ...await sourceFiles("src")];
const sources = new Map<string, string>();
for (const path of paths) {
  sources.set(path, await Deno.readTextFile(`${root}/${path}`));
}
Deno.exit(await lint());

async function lint(): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "--quiet", ...paths],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return 0;
  const output = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  const findings = output.split(/^(?=error[:[])/m).flatMap(parseFinding);
  const total = Number(
    /Found (\d+) documentation lint error/.exec(output)?.[1],
  );
  if (findings.length !== total) {
    // It failed for another reason, or prints in another way than this reads.
    console.error(output);
    return 1;
  }
  const mendable = findings.filter(isMendable);
  for (const { text } of mendable) console.error(text.trimEnd() + "\n");
  console.error(
    `${mendable.length} to mend, ${
      total - mendable.length
    } of packages and schemas`,
  );
  return mendable.length === 0 ? 0 : 1;
}

function parseFinding(text: string): Finding[] {
  const [, code = "", path = "", line = ""] = FINDING_REGEXP.exec(text) ?? [];
  if (code === "") return [];
  const relative = paths.find((known) => path.endsWith(`/${known}`)) ?? path;
  return [{ code, path: relative, line: Number(line), text }];
}

function isMendable({ code, path, line, text }: Finding): boolean {
  if (code === "private-type-ref") {
    const [, at = "", declaration = ""] = DECLARATION_REGEXP.exec(text) ?? [];
    return [...sources.values()].some((source) =>
      source.split("\n")[Number(at) - 1] === declaration
    );
  }
  if (code === "missing-explicit-type") {
    const source = sources.get(path) ?? "";
    const isConstant = source.split("\n")[line - 1]?.startsWith("export const");
    return !(isConstant && source.includes('from "zod"'));
  }
  return true;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...await sourceFiles(path));
    else if (path.endsWith(".ts") && !path.endsWith(".d.ts")) found.push(path);
  }
  return found.sort();
}
