@NullMarked
package dev.sluice.endpoints;

import org.jspecify.annotations.NullMarked;
