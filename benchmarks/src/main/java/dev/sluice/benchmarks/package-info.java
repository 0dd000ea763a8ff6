/** Benchmarks. Each class answers one question, and its Javadoc asks the question. */
@NullMarked
package dev.sluice.benchmarks;

import org.jspecify.annotations.NullMarked;
