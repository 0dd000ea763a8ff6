/** How many tokens an answer used, counted while the answer passes by. */
@NullMarked
package dev.sluice.serving.usage;

import org.jspecify.annotations.NullMarked;
