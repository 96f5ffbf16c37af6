import { assertEquals } from "@std/assert";
import { inheritedSocket } from "../../src/cli/inherited_socket.ts";

const CASES: readonly (readonly [
  what: string,
  variables: Readonly<Record<string, string>>,
  fd: number | null,
])[] = [
  ["takes what is handed over", { LISTEN_FDS: "1", LISTEN_PID: "7" }, 3],
  ["takes the first of several", { LISTEN_FDS: "2", LISTEN_PID: "7" }, 3],
  ["finds nothing where nothing is said", {}, null],
  ["leaves its parent's alone", { LISTEN_FDS: "1", LISTEN_PID: "6" }, null],
  ["wants to know whose it is", { LISTEN_FDS: "1" }, null],
  ["takes none of none", { LISTEN_FDS: "0", LISTEN_PID: "7" }, null],
  ["takes no count that is none", { LISTEN_FDS: "x", LISTEN_PID: "7" }, null],
];

for (const [what, variables, fd] of CASES) {
  Deno.test(`inheritedSocket() ${what}`, () => {
    assertEquals(inheritedSocket(new Map(Object.entries(variables)), 7), fd);
  });
}
