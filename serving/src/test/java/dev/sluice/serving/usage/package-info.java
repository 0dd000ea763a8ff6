@NullMarked
package dev.sluice.serving.usage;

import org.jspecify.annotations.NullMarked;
