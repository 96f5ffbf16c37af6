import { assert, assertEquals } from "@std/assert";
import { AttemptPricer } from "../../src/accounting/attempt_pricer.ts";
import type { Attempt, Exchange } from "../../src/exchange/exchange.ts";
import { failure } from "../../src/exchange/failure.ts";
import { noUsage, totalInput, totalOutput } from "../../src/exchange/usage.ts";
import { endedExchange } from "../metrics/exchanges.ts";
import { calculatorOf } from "./prices.ts";

const calculator = calculatorOf({
  "openai/gpt-5-mini": { inputPer1M: 1, outputPer1M: 10 },
});

function pricer(): AttemptPricer {
  return new AttemptPricer(() => ({
    cost: (request) => calculator.cost(request),
    provider: () => undefined,
  }));
}

function ended(change: (attempt: Attempt) => void): [Exchange, Attempt] {
  const exchange = endedExchange();
  const [attempt] = exchange.attempts;
  assert(attempt !== undefined);
  attempt.usage = noUsage();
  attempt.bytesOut = 4000;
  attempt.contentChars = 400;
  change(attempt);
  return [exchange, attempt];
}

Deno.test("AttemptPricer estimates an answer without usage and marks it", () => {
  const [exchange, attempt] = ended(() => {});
  const cost = pricer().costOf(attempt, exchange);
  assertEquals(attempt.usage.source, "estimated");
  assertEquals(totalInput(attempt.usage.ledger), 1000);
  assertEquals(totalOutput(attempt.usage.ledger), 100);
  assertEquals(cost.totalPico, 2_000_000_000n);
});

Deno.test("AttemptPricer takes what a client that left had been sent for its output", () => {
  const [exchange, attempt] = ended((one) => {
    one.outcome = { kind: "cancelled" };
    // The beginning of a messages stream: the output is a placeholder.
    one.usage.source = "partial";
    one.usage.ledger.input = 700;
    one.usage.ledger.output = 1;
  });
  pricer().costOf(attempt, exchange);
  assertEquals(attempt.usage.source, "partial");
  assertEquals(attempt.usage.ledger.input, 700);
  assertEquals(attempt.usage.ledger.output, 100);
});

Deno.test("AttemptPricer books nothing for an attempt that failed before any content, and the content of one that broke off", () => {
  const broken = { kind: "failed", failure: failure("stream_broken", "x") };
  const [refused, first] = ended((one) => {
    one.outcome = broken as Attempt["outcome"];
    one.contentChars = 0;
  });
  assertEquals(pricer().costOf(first, refused).status, "no-usage");
  assertEquals(first.usage.source, "none");
  const [cut, second] = ended((one) => {
    one.outcome = broken as Attempt["outcome"];
  });
  assert((pricer().costOf(second, cut).totalPico ?? 0n) > 0n);
  assertEquals(second.usage.source, "partial");
});

Deno.test("AttemptPricer leaves explicit zeros alone and learns from what is reported", () => {
  const shared = pricer();
  const [exchange, zero] = ended((one) => {
    one.usage.source = "reported";
  });
  assertEquals(shared.costOf(zero, exchange).totalPico, 0n);
  for (let turn = 0; turn < 50; turn++) {
    const [told, attempt] = ended((one) => {
      one.usage.source = "reported";
      one.usage.ledger.input = 1500;
      one.usage.ledger.output = 200;
    });
    shared.costOf(attempt, told);
  }
  const [silent, attempt] = ended(() => {});
  shared.costOf(attempt, silent);
  assertEquals(totalInput(attempt.usage.ledger), 1500);
  assertEquals(totalOutput(attempt.usage.ledger), 200);
});
