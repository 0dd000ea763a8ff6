/** Benchmarks: one class per question, and the question is its Javadoc. */
@NullMarked
package dev.sluice.benchmarks;

import org.jspecify.annotations.NullMarked;
