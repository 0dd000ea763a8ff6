@NullMarked
package dev.sluice.endpoints.discovery;

import org.jspecify.annotations.NullMarked;
