/**
 * OpenAI's wire format: scans request bodies, estimates prompt tokens, reads the usage from
 * answers, and writes error bodies and model lists. Bytes go in and values come out; there are no
 * HTTP types.
 */
@NullMarked
package dev.sluice.inference;

import org.jspecify.annotations.NullMarked;
