@NullMarked
package dev.sluice.serving.attempts;

import org.jspecify.annotations.NullMarked;
