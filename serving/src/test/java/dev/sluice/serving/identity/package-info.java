@NullMarked
package dev.sluice.serving.identity;

import org.jspecify.annotations.NullMarked;
