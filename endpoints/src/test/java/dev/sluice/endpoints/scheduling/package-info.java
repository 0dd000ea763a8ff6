@NullMarked
package dev.sluice.endpoints.scheduling;

import org.jspecify.annotations.NullMarked;
