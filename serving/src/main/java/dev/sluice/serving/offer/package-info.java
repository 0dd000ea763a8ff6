/** Reads a request's needs and expected cost, as flow control is told them. */
@NullMarked
package dev.sluice.serving.offer;

import org.jspecify.annotations.NullMarked;
