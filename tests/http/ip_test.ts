import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  canonicalIp,
  inNetworks,
  isLoopback,
  parseNetwork,
} from "../../src/http/ip.ts";

Deno.test("canonicalIp() gives one form to all spellings", () => {
  const cases: [string, string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::FFFF:10.1.2.3", "10.1.2.3"],
    ["::ffff:7f00:1", "127.0.0.1"],
    ["0:0:0:0:0:ffff:7f00:1", "127.0.0.1"],
    ["::1", "::1"],
    ["FE80::1%eth0", "fe80::1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["no address", "no address"],
    ["a:b", "a:b"],
    ["", ""],
  ];
  for (const [text, expected] of cases) {
    assertEquals(canonicalIp(text), expected, text);
  }
});

Deno.test("isLoopback() knows all of 127.0.0.0/8 and ::1", () => {
  for (const ip of ["127.0.0.1", "127.1.2.3", "::1"]) assert(isLoopback(ip));
  for (const ip of ["10.0.0.1", "127.0.0.1.evil", "::2", "", "0.0.0.0"]) {
    assert(!isLoopback(ip), ip);
  }
});

Deno.test("inNetworks() matches IPv4 and IPv6 networks by their bits", () => {
  const networks = ["10.0.0.0/8", "192.168.1.7", "fd00::/8", "2001:db8::1/128"]
    .map(parseNetwork);
  const inside = ["10.255.0.1", "192.168.1.7", "fdff::1", "2001:db8::1"];
  const outside = [
    "11.0.0.1",
    "192.168.1.8",
    "fe00::1",
    "2001:db8::2",
    "",
    "x",
  ];
  for (const ip of inside) assert(inNetworks(ip, networks), ip);
  for (const ip of outside) assert(!inNetworks(ip, networks), ip);
});

Deno.test("parseNetwork() takes /0 and addresses with host bits", () => {
  assert(inNetworks("8.8.8.8", [parseNetwork("0.0.0.0/0")]));
  assert(!inNetworks("::1", [parseNetwork("0.0.0.0/0")]));
  assert(inNetworks("10.9.9.9", [parseNetwork("10.1.2.3/8")]));
  assert(inNetworks("::ffff", [parseNetwork("::/0")]));
});

Deno.test("parseNetwork() names what it cannot read", () => {
  const bad = [
    "10.0.0.0/33",
    "10.0.0/8",
    "x",
    "",
    "::1/129",
    "1.2.3.4/",
    "1.2.3.4/-1",
  ];
  for (const text of bad) {
    assertThrows(() => parseNetwork(text), RangeError, text || "is no address");
  }
});
