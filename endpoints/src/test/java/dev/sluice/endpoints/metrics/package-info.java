@NullMarked
package dev.sluice.endpoints.metrics;

import org.jspecify.annotations.NullMarked;
