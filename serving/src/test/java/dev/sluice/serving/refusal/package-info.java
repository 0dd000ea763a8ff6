@NullMarked
package dev.sluice.serving.refusal;

import org.jspecify.annotations.NullMarked;
