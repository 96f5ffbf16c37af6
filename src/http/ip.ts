/** IP addresses in one canonical form, and the networks they belong to. @module */

import { isIP } from "node:net";

/** Addresses of one network. */
export interface Network {
  /** 4 or 6. */
  readonly family: 4 | 6;
  /** The network's address as a number. */
  readonly address: bigint;
  /** Bits that must agree. */
  readonly bits: number;
}

const MAPPED_PREFIX = 0xffffn << 32n;

/**
 * Brings an address into one form: an IPv4-mapped IPv6 address becomes IPv4,
 * IPv6 is lower case without a zone. What is no address comes back as it is.
 */
export function canonicalIp(text: string): string {
  if (!text.includes(":")) return text;
  const address = text.toLowerCase().replace(/%.*$/, "");
  const mapped = /^(?:0*:)*:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (isIP(address) !== 6) return text;
  const value = ipv6Number(address);
  return value >> 32n === MAPPED_PREFIX >> 32n
    ? ipv4Text(value & 0xffffffffn)
    : address;
}

/** Whether a canonical address is this machine's own. */
export function isLoopback(ip: string): boolean {
  return ip === "127.0.0.1" || ip === "::1" ||
    (ip.startsWith("127.") && isIP(ip) === 4);
}

/**
 * Reads `10.0.0.0/8`, `fd00::/8` or a single address.
 *
 * @throws {RangeError} when the text is neither.
 */
export function parseNetwork(text: string): Network {
  const slash = text.indexOf("/");
  const ip = canonicalIp(slash < 0 ? text : text.slice(0, slash));
  const family = isIP(ip);
  const width = family === 4 ? 32 : 128;
  const suffix = slash < 0 ? String(width) : text.slice(slash + 1);
  const bits = /^\d{1,3}$/.test(suffix) ? Number(suffix) : -1;
  if ((family !== 4 && family !== 6) || bits < 0 || bits > width) {
    throw new RangeError(
      `Cannot read network: ${text} is no address or CIDR such as 10.0.0.0/8`,
    );
  }
  const shift = BigInt(width - bits);
  return { family, address: (ipNumber(ip) >> shift) << shift, bits };
}

/** Whether one of the networks holds a canonical address. */
export function inNetworks(ip: string, networks: readonly Network[]): boolean {
  if (networks.length === 0) return false;
  const family = isIP(ip);
  if (family === 0) return false;
  const value = ipNumber(ip);
  return networks.some((network) => {
    if (network.family !== family) return false;
    const shift = BigInt((family === 4 ? 32 : 128) - network.bits);
    return value >> shift === network.address >> shift;
  });
}

function ipNumber(ip: string): bigint {
  return ip.includes(":") ? ipv6Number(ip) : ipv4Number(ip);
}

function ipv4Number(ip: string): bigint {
  return ip.split(".").reduce(
    (value, part) => (value << 8n) | BigInt(part),
    0n,
  );
}

function ipv4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n))
    .join(".");
}

function ipv6Number(ip: string): bigint {
  const [head = "", tail] = ip.split("::");
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array(8 - left.length - right.length).fill(0n);
  const middle = tail === undefined ? [] : zeros;
  return [...left, ...middle, ...right].reduce(
    (value, group) => (value << 16n) | group,
    0n,
  );
}

function groups(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [BigInt(`0x${group}`)];
    const value = ipv4Number(group);
    return [value >> 16n, value & 0xffffn];
  });
}
