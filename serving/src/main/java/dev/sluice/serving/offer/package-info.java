/** What a request needs and is expected to cost, as flow control is told. */
@NullMarked
package dev.sluice.serving.offer;

import org.jspecify.annotations.NullMarked;
