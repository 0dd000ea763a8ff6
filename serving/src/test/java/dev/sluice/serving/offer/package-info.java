@NullMarked
package dev.sluice.serving.offer;

import org.jspecify.annotations.NullMarked;
