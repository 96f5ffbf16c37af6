/** Where blocks stood in a body, for requests that tests make without one. @module */

import type { CanonicalRequest } from "../../src/protocols/canonical.ts";

/** Gives every block the place that a messages client would have had it at, one message a turn. */
export function withPlaces(request: CanonicalRequest): CanonicalRequest {
  const places = new Map<object, string>();
  request.turns.forEach((turn, at) =>
    turn.blocks.forEach((block, index) => {
      const place = `messages[${at}].content[${index}]`;
      places.set(block, place);
      if (block.type !== "tool-result") return;
      block.content.forEach((inner, position) =>
        places.set(inner, `${place}.content[${position}]`)
      );
    })
  );
  return { ...request, places };
}

/** Takes the places out again: what remains is what was said. */
export function withoutPlaces(request: CanonicalRequest): CanonicalRequest {
  const { places: _places, ...said } = request;
  return said;
}
