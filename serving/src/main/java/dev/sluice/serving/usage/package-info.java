/** Counts the tokens that an answer uses while the answer passes by. */
@NullMarked
package dev.sluice.serving.usage;

import org.jspecify.annotations.NullMarked;
