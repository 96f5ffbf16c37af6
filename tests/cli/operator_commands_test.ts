import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../../src/cli/run.ts";
import {
  FAST_SIMULATOR,
  startGateway,
  type TestGateway,
} from "../e2e/gateway.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const TOKEN = "an-admin-token-of-some-length";
const CONFIG = {
  admin: { token: "${env:ADMIN}" },
  providers: { sim: FAST_SIMULATOR },
  models: { edge: { heads: { modelType: "small" } } },
  routing: { heads: { enabled: true } },
};
const VARIABLES = new Map([["ADMIN", TOKEN], ["SIGNALBOX_ADMIN_TOKEN", TOKEN]]);

async function signalbox(...words: string[]) {
  const terminal = new FakeTerminal({ environment: VARIABLES });
  const code = await run(words, terminal);
  return { code, out: terminal.outText, err: terminal.errText };
}

async function admin(
  gateway: TestGateway,
  method: string,
  path: string,
  body: unknown = {},
): Promise<void> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      "authorization": `Bearer ${TOKEN}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert(response.ok, `${response.status} ${await response.text()}`);
  if (!response.bodyUsed) await response.body?.cancel();
}

Deno.test("heads list, status and config show --effective tell of a running gateway", async () => {
  await using gateway = await startGateway(CONFIG, { ADMIN: TOKEN });
  const url = ["--url", gateway.url];
  const none = await signalbox("heads", "list", ...url);
  assertEquals([none.code, none.out.split("\n").length], [0, 1]);
  await admin(gateway, "POST", "/api/routing/heads", {
    id: "gpu-1",
    endpoint: "http://127.0.0.1:1/v1",
    modelType: "small",
    models: ["qwen"],
  });
  const listed = await signalbox("heads", "list", ...url);
  assertEquals(listed.code, 0);
  assertStringIncludes(listed.out, "gpu-1");
  assertStringIncludes(listed.out, "http://127.0.0.1:1/v1");
  const json = await signalbox("heads", "list", "--json", ...url);
  assertEquals(JSON.parse(json.out).heads[0].models, ["qwen"]);
  const status = await signalbox("status", ...url);
  assertEquals(status.code, 0, status.err);
  assertStringIncludes(status.out, "ready");
  assertStringIncludes(status.out, "audit ok");
  assertStringIncludes(status.out, "gpu-1");
  const asJson = JSON.parse((await signalbox("status", "--json", ...url)).out);
  assertEquals(asJson.providers.map(({ name }: { name: string }) => name), [
    "sim",
    "gpu-1",
  ]);
  await admin(gateway, "PUT", "/api/routing/policy", {
    defaultStrategy: "random",
  });
  const shown = await signalbox(
    "config",
    "show",
    "--effective",
    "--json",
    "--config",
    `${gateway.folder}/signalbox.jsonc`,
  );
  assertEquals(JSON.parse(shown.out).policy.defaultStrategy, "random");
  const refused = await signalbox("heads", "list", "--token", "wrong", ...url);
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.err, "answered 401");
  const wrong = await signalbox("status", "--url", "localhost");
  assertEquals(wrong.code, 2);
  const nobody = await signalbox("status", "--url", "http://127.0.0.1:1");
  assertEquals(nobody.code, 3);
  assertStringIncludes(nobody.err, "nobody answers");
});

Deno.test("audit list and verify read what a gateway wrote, by its config or by file", async () => {
  await using gateway = await startGateway(CONFIG, { ADMIN: TOKEN });
  const config = ["--config", `${gateway.folder}/signalbox.jsonc`];
  const early = await signalbox("audit", "verify", ...config);
  assertEquals(early.code, 3);
  assertStringIncludes(early.err, "nothing was audited yet");
  await admin(gateway, "POST", "/api/reload");
  await gateway.gateway.reload();
  const listed = await signalbox("audit", "list", ...config);
  assertEquals(listed.code, 0, listed.err);
  assertEquals(listed.out.split("\n").length, 3);
  const own = await signalbox(
    "audit",
    "list",
    "--actor",
    "signal",
    "--since",
    "1h",
    "--json",
    ...config,
  );
  assertEquals(
    JSON.parse(own.out).map(({ action }: { action: string }) => action),
    ["config.reload"],
  );
  const absent = await signalbox("audit", "verify", `${gateway.folder}/no`);
  assertEquals(
    [absent.code, absent.err],
    [3, `Cannot read ${gateway.folder}/no: there is no such file or folder`],
  );
  const later = await signalbox(
    "audit",
    "list",
    "--since",
    "2999-01-01",
    "--json",
    ...config,
  );
  assertEquals(JSON.parse(later.out), []);
  assertEquals(
    (await signalbox("audit", "list", "--since", "soon", ...config)).code,
    2,
  );
  const whole = await signalbox("audit", "verify", ...config);
  assertEquals(whole.code, 0);
  assertStringIncludes(whole.out, "ok: 2 lines");
  const file = `${gateway.folder}/state/logs/routing_audit.log`;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(
    file,
    text.replace('"actor":"signal"', '"actor":"nobody"'),
  );
  const broken = await signalbox("audit", "verify", file);
  assertEquals(broken.code, 1);
  assertStringIncludes(broken.out, "line 2: its hash does not fit");
  const json = await signalbox("audit", "verify", "--json", file);
  assertEquals([json.code, JSON.parse(json.out).line], [1, 2]);
  const partly = await signalbox("audit", "list", file);
  assertEquals([partly.code, partly.out.split("\n").length], [1, 2]);
  assertStringIncludes(partly.err, "line 2");
});
