/** A simulated, vLLM-compatible model server, for demonstrations, tests and benchmarks. */
@NullMarked
package dev.sluice.modelserver;

import org.jspecify.annotations.NullMarked;
