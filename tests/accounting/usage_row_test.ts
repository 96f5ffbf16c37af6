import { assert, assertEquals } from "@std/assert";
import { UsageRecordWriter } from "../../src/accounting/usage_record.ts";
import {
  emptyRow,
  fillRow,
  RowReader,
} from "../../src/accounting/usage_row.ts";
import type { Exchange } from "../../src/exchange/exchange.ts";
import type { JsonObject } from "../../src/support/json.ts";
import { UlidSource } from "../../src/support/ulid.ts";
import { costOf, endedExchange } from "../metrics/exchanges.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 12);

interface Shape {
  readonly atMs: number;
  readonly target?: string;
  readonly client?: string;
  readonly pico?: bigint | null;
  readonly durationMs?: number;
  readonly outcome?: Exchange["outcome"];
  readonly requestedModel?: string;
}

const ids = new UlidSource();
const writer = new UsageRecordWriter({ clientIp: true });

function line(shape: Shape): string {
  const exchange = endedExchange({
    targets: [shape.target ?? "openai/gpt-5-mini"],
    client: { name: shape.client ?? "ci", tier: "default" },
  });
  Object.assign(exchange, {
    id: ids.next(),
    receivedAtMs: shape.atMs,
    endedMs: shape.durationMs ?? 100,
    outcome: shape.outcome ?? "success",
    requestedModel: shape.requestedModel ?? "fast",
  });
  const [attempt] = exchange.attempts;
  const pico = shape.pico === undefined ? 1_000_000n : shape.pico;
  if (attempt !== undefined) {
    attempt.cost = costOf(pico);
  }
  return writer.line(exchange);
}

Deno.test("RowReader reads by places what parsing reads, whatever names and numbers are", () => {
  const reader = new RowReader();
  const names = ["plain", "ünïcode 漢", 'quote " in it', "back\\slash", ""];
  const picos = [null, 0n, 1n, 999_999_999_999n, 12_345_678_901_234_567n];
  for (const requestedModel of names) {
    for (const pico of picos) {
      const text = line({ atMs: NOW_MS + 123, requestedModel, pico });
      const bytes = new TextEncoder().encode(text);
      const latin = Array.from(bytes, (byte) => String.fromCharCode(byte))
        .join("");
      assert(reader.read(`x\n${latin}\n`, 2, 2 + latin.length));
      const expected = emptyRow();
      fillRow(expected, JSON.parse(text) as JsonObject);
      assertEquals(
        { ...reader.row, costPico: String(reader.row.costPico) },
        { ...expected, costPico: String(expected.costPico) },
      );
    }
  }
  assertEquals(reader.read("no line", 0, 7), false);
});
