import { assert, assertEquals } from "@std/assert";
import type { ExchangeEvent, Tap } from "../../src/exchange/events.ts";
import { Exchange } from "../../src/exchange/exchange.ts";
import { TapFanOut } from "../../src/relay/tap_fan_out.ts";

const exchange = new Exchange({
  id: "x",
  receivedAtMs: 0,
  startedMs: 0,
  endpoint: "/v1/messages",
  protocol: "messages",
  operation: "generate",
  client: { name: "anonymous", tier: "default" },
  clientIp: "",
  clientRequestId: null,
});

/** A tap that writes down what it was told. */
class Notes implements Tap {
  readonly told: string[] = [];

  constructor(
    readonly name: string,
    readonly wantsBytes: boolean,
    readonly hears?: Tap["hears"],
  ) {}

  on(event: ExchangeEvent): void {
    this.told.push(event.type);
    if (this.name === "broken") throw new TypeError("no");
  }
}

Deno.test("TapFanOut tells a tap what it hears, and one that does not say everything", () => {
  const some = new Notes("some", false, ["finished"]);
  const all = new Notes("all", false);
  const taps = new TapFanOut([some, all], () => {});
  taps.emit({ type: "received", exchange });
  taps.emit({ type: "finished", exchange });
  assertEquals(some.told, ["finished"]);
  assertEquals(all.told, ["received", "finished"]);
});

Deno.test("TapFanOut names a tap that throws and tells the others all the same", () => {
  const failed: string[] = [];
  const after = new Notes("after", false);
  const taps = new TapFanOut(
    [new Notes("broken", false), after],
    (name) => failed.push(name),
  );
  taps.emit({ type: "finished", exchange });
  assertEquals([failed, after.told], [["broken"], ["finished"]]);
});

Deno.test("TapFanOut wants bytes only for a tap that hears of them", () => {
  const deaf = new Notes("deaf", true, ["finished"]);
  assert(!new TapFanOut([deaf], () => {}).wantsBytes);
  const keen = new Notes("keen", true, ["chunk"]);
  assert(new TapFanOut([deaf, keen], () => {}).wantsBytes);
  assert(!new TapFanOut([deaf], () => {}).hears("upstream-head"));
});
