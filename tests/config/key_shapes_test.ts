/** What looks like a key, and what does not. @module */

import { assertEquals } from "@std/assert";
import { isSecretName, looksLikeKey } from "../../src/config/key_shapes.ts";

Deno.test("looksLikeKey() knows the keys of providers and of this program", () => {
  const keys = [
    "sk-abcdefghijklmnop",
    "sk-proj-abc_defghijklmnop",
    "sk-ant-api03-exampleabcdef",
    "Bearer gsk_abcdefghijklmnop",
    "https://a.example/?key=AIzaSyA1234567890abcdefghij",
    "AKIAABCDEFGHIJKLMNOP",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    "sbx_0123456789abcdef",
  ];
  for (const key of keys) assertEquals(looksLikeKey(key), true, key);
});

Deno.test("looksLikeKey() lets names, paths and patterns pass", () => {
  const texts = [
    "claude-sonnet-4-5-20250929",
    "accounts/fireworks/models/qwen3-coder-480b-a35b-instruct",
    "risk-assessment-model-large",
    "https://api.openai.com/v1",
    "gpt-*",
    "./data/usage",
    "key-value-store",
  ];
  for (const text of texts) assertEquals(looksLikeKey(text), false, text);
});

Deno.test("isSecretName() knows headers and parameters that carry keys", () => {
  const names = [
    "Authorization",
    "x-api-key",
    "api-key",
    "key",
    "x-auth-token",
  ];
  for (const name of names) assertEquals(isSecretName(name), true, name);
  for (const name of ["x-team", "api-version", "openai-beta", "monkey"]) {
    assertEquals(isSecretName(name), false, name);
  }
});
