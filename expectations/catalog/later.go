package catalog

import "slices"

// Later reports whether name is a named expectation that this version does not have yet but the
// documented catalogue does, so that the message can say so instead of calling it unknown.
func Later(name string) bool { return slices.Contains(laterNames(), name) }

func laterNames() []string {
	return []string{
		"row", "implies", "any_present", "all_present", "not_blank", "trimmed", "not_placeholder", "positive", "non_negative",
		"not_in_future", "like", "not_like", "format", "parses_as", "json_valid", "json_schema", "sequential", "no_gaps",
		"no_overlap", "not_outlier", "columns_compare", "pair_in_set", "row_sum", "columns_distinct_in_row",
		"columns_equal_in_row", "primary_key", "count_where", "min", "max", "mean", "median", "sum", "stddev", "variance",
		"range", "iqr", "skewness", "kurtosis", "quantiles", "null_fraction", "zero_fraction", "true_fraction",
		"negative_fraction", "distinct_count", "distinct_ratio", "unique_ratio", "duplicate_ratio", "distinct_in",
		"distinct_contains", "distinct_equals", "most_common_in", "top_n_contains", "not_constant", "at_least_one_value",
		"consistent_casing", "length_stats", "ratio_of_sums", "correlation", "entropy", "mutual_information", "distribution",
		"group", "columns_are", "columns_include", "columns_exclude", "column_count", "nullable", "primary_key_is", "index_on",
		"schema_unchanged", "schema_matches", "arrives_by", "ingestion_delay", "stale_since_change", "metric_equal",
		"grouped_metric_equal", "keys_match", "rows_match", "lag_between", "duplicates_match", "distribution_match", "no_rows",
		"scalar", "change", "anomaly",
	}
}
