// Package elasticsearch reads Elasticsearch and OpenSearch indices.
//
// # What a row is
//
// A row is a document, its columns are the fields of the mapping (dotted paths) and "_id". A value is what
// _source says, read by the type of the mapping: a long field truncates 5.7 and reads "5" as the server does, a date keeps
// every digit that _source has although the index keeps milliseconds, a float keeps the double that _source has although the
// index keeps 32 bits. A missing field, null and [] are null. A field holds one value unless its column is
// declared an array; a document that says otherwise is an error of the request, never a guess.
//
// # What runs on the server
//
// Queries read the index, not _source. A predicate is sent as two queries, one for the documents for which it is true and one
// for those for which it is false; the rest is undecided. Where index and _source may differ (ignore_above,
// ignore_malformed, several values, a date or float next to the bound) the same request counts the documents
// in doubt; if there are any, the answer is a *connectors.InexactError and the caller evaluates that part itself.
//
// # A query: dataset
//
// The text is a request line, POST /index/_search, and a JSON body that holds nothing but "query". It restricts
// the index to the documents that match. Any request that could change anything is refused before it is sent.
//
// # One state
//
// A snapshot reads every index in one point in time, so that counts, streams and failing rows agree whatever is written meanwhile.
//
// # Reading only
//
// Every request passes the allow-list of readonly.go, whatever built it. Only a Correction and a Rebuild have sessions that may send more, for
// the indices that they were opened for: writer.go.
//
// # Corrections
//
// A document is changed on condition of its version (if_seq_no, if_primary_term), and whole: the bytes that were seen, but for the values of the fields
// that are set. Which document has a key, only searches know, and these see what was refreshed; what it holds is read by its _id. How new
// documents look (their _id, nulls, nesting) follows from some that are there: habits.go.
package elasticsearch
