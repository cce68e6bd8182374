// Package sample is the statistics of audits by sample: what k failures among n rows drawn at random say about all rows, when that decides an
// expectation, and how many rows would.
//
// Every bound is valid at the sample sizes met, not in the limit, unless its Method says otherwise (Student): the chance that a verdict is wrong
// is at most 1 - confidence, whatever the data. Rates are fractions, 0 to 1; confidences too. A failing row is one that the expectation calls
// false; rows that are undecided or skipped are not among the n, for the caller leaves them out (the rows that are left are a sample of all rows
// that would be left).
//
// Sources: C. J. Clopper and E. S. Pearson 1934 (binomial bounds); W. Hoeffding 1956 (sums of unequal trials are less spread than the binomial);
// C. Loader 2000 (accurate probabilities); I. Waudby-Smith and A. Ramdas 2024 (estimating means of bounded variables by betting, here with a
// mixture of bets); W. G. Cochran 1977 and C.-E. Särndal et al. 1992 (estimates of totals and ratios).
package sample
