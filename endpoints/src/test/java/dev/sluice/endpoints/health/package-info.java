@NullMarked
package dev.sluice.endpoints.health;

import org.jspecify.annotations.NullMarked;
