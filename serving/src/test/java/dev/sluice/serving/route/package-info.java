@NullMarked
package dev.sluice.serving.route;

import org.jspecify.annotations.NullMarked;
