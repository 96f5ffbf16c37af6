/** Text in the formats that JSON Schema names. @module */

import type { SeededRandom } from "./seeded_random.ts";
import { seededWord } from "./text.ts";

/** Draws a text of the named format, `null` for a format nobody knows. */
export function formatText(
  format: string,
  random: SeededRandom,
): string | null {
  switch (format) {
    case "date-time":
      return `${date(random)}T${time(random)}`;
    case "date":
      return date(random);
    case "time":
      return time(random);
    case "duration":
      return `P${random.integer(1, 30)}DT${random.integer(1, 23)}H`;
    case "email":
    case "idn-email":
      return `${name(random)}@example.com`;
    case "hostname":
    case "idn-hostname":
      return `${name(random)}.example.com`;
    case "ipv4":
      // RFC 5737: addresses for documentation.
      return `192.0.2.${random.integer(1, 254)}`;
    case "ipv6":
      return `2001:db8::${random.hex(4)}`;
    case "uri":
    case "iri":
    case "url":
      return `https://example.com/${name(random)}`;
    case "uri-reference":
    case "iri-reference":
    case "uri-template":
    case "json-pointer":
      return `/${name(random)}`;
    case "relative-json-pointer":
      return `${random.integer(0, 3)}/${name(random)}`;
    case "uuid":
      return uuid(random);
    case "byte":
      return btoa(name(random));
    case "regex":
      return `^${name(random)}$`;
    default:
      return null;
  }
}

// Words of the vocabulary with other than ASCII letters do not fit into names.
function name(random: SeededRandom): string {
  return seededWord(random).replaceAll(/[^a-z]/g, "") + random.integer(1, 99);
}

function date(random: SeededRandom): string {
  const month = String(random.integer(1, 12)).padStart(2, "0");
  const day = String(random.integer(1, 28)).padStart(2, "0");
  return `${random.integer(2020, 2029)}-${month}-${day}`;
}

function time(random: SeededRandom): string {
  const part = (most: number) =>
    String(random.integer(0, most)).padStart(2, "0");
  return `${part(23)}:${part(59)}:${part(59)}Z`;
}

function uuid(random: SeededRandom): string {
  const variant = random.pick(["8", "9", "a", "b"]);
  return `${random.hex(8)}-${random.hex(4)}-4${random.hex(3)}-${variant}${
    random.hex(3)
  }-${random.hex(12)}`;
}
