import { assertEquals } from "@std/assert";
import {
  buildDataUrl,
  isDataUrl,
  parseBase64,
  parseDataUrl,
  sniffMediaType,
} from "../../src/protocols/data_url.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";
const PDF = "JVBERi0xLjQK";

Deno.test("parseDataUrl() reads type and data, with and without parameters", () => {
  const cases: [string, string, string][] = [
    [`data:image/png;base64,${PNG}`, "image/png", PNG],
    [`data:image/PNG;charset=utf-8;base64,${PNG}`, "image/png", PNG],
    [`DATA:application/pdf;name=a.pdf;BASE64,${PDF}`, "application/pdf", PDF],
    [`data:;base64,${PNG}`, "image/png", PNG],
    [`data:;base64,AAAA`, "text/plain", "AAAA"],
    ["data:text/plain,h%C3%BC", "text/plain", "aMO8"],
    ["data:,hi", "text/plain", "aGk="],
    ["data:image/png;base64,iVBO\n Rw==", "image/png", "iVBORw=="],
    ["data:image/png;base64,iVBORw", "image/png", "iVBORw=="],
    ["data:image/png;base64,-_8%3D", "image/png", "+/8="],
  ];
  for (const [url, mediaType, data] of cases) {
    assertEquals(parseDataUrl(url), { mediaType, data }, url);
  }
});

Deno.test("parseDataUrl() refuses what is no data URL or no base64", () => {
  for (
    const url of [
      "https://example.com/a.png",
      "data:image/png;base64",
      "data:image/png;base64,***",
      "data:image/png;base64,A",
      "data:text/plain,%zz",
    ]
  ) {
    assertEquals(parseDataUrl(url), null, url);
  }
});

Deno.test("parseBase64() reads bare base64 and tells its type from the bytes", () => {
  assertEquals(parseBase64(PDF), { mediaType: "application/pdf", data: PDF });
  assertEquals(parseBase64("AAAA"), {
    mediaType: "application/octet-stream",
    data: "AAAA",
  });
  assertEquals(
    parseBase64("AAAA", "application/pdf")?.mediaType,
    "application/pdf",
  );
  assertEquals(parseBase64(buildDataUrl("image/gif", "AAAA")), {
    mediaType: "image/gif",
    data: "AAAA",
  });
  assertEquals(parseBase64("not base64!"), null);
  assertEquals(parseBase64(""), null);
});

Deno.test("sniffMediaType() knows the usual magic bytes and survives nonsense", () => {
  const cases: [string, string | null][] = [
    [PNG, "image/png"],
    ["/9j/4AAQSkZJRg==", "image/jpeg"],
    ["_9j_4AAQSkZJRg==", "image/jpeg"],
    ["R0lGODlhAQABAAAAACw=", "image/gif"],
    ["UklGRiQAAABXRUJQVlA4IA==", "image/webp"],
    ["UklGRiQAAABXQVZFZm10IA==", "audio/wav"],
    [PDF, "application/pdf"],
    ["", null],
    ["A===", null],
    ["\u0000", null],
  ];
  for (const [data, mediaType] of cases) {
    assertEquals(sniffMediaType(data), mediaType, data);
  }
});

Deno.test("isDataUrl() looks at the scheme alone", () => {
  assertEquals(isDataUrl("Data:x"), true);
  assertEquals(isDataUrl("date:x"), false);
});
