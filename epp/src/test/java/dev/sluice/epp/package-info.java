@NullMarked
package dev.sluice.epp;

import org.jspecify.annotations.NullMarked;
