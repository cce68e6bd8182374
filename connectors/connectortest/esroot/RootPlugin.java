package esroot;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestRequest.Method;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * Gives the integration-test distribution of Elasticsearch the two things that the tests need and that it lacks: an answer to
 * "GET /" with the name, the cluster and the version, and names for the analyzer of e-mail addresses that the index of accounts
 * asks for. No test looks for an address, so they do nothing.
 */
public final class RootPlugin extends Plugin implements ActionPlugin, AnalysisPlugin {
    private ClusterService clusterService;

    @Override
    public Collection<?> createComponents(PluginServices services) {
        clusterService = services.clusterService();
        return List.of();
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of(
                "pattern_capture", (index, environment, name, settings) -> new Unchanged(name),
                "unique", (index, environment, name, settings) -> new Unchanged(name));
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of(
                "uax_url_email",
                (index, environment, name, settings) -> TokenizerFactory.newFactory(name, StandardTokenizer::new));
    }

    /** Changes no token. */
    private record Unchanged(String name) implements TokenFilterFactory {
        @Override
        public TokenStream create(TokenStream tokens) {
            return tokens;
        }
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
            RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
        return List.of(new RootHandler(clusterService));
    }

    /** Writes who the server is. */
    private static final class RootHandler extends BaseRestHandler {
        private final ClusterService clusters;

        RootHandler(ClusterService clusters) {
            this.clusters = clusters;
        }

        @Override
        public String getName() {
            return "assay_root";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(Method.GET, "/"), new Route(Method.HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            return channel -> {
                Build build = Build.current();
                XContentBuilder json = channel.newBuilder();
                json.startObject();
                json.field("name", clusters.getNodeName());
                json.field("cluster_name", clusters.state().getClusterName().value());
                json.field("cluster_uuid", clusters.state().metadata().clusterUUID());
                json.startObject("version");
                json.field("number", build.version());
                json.field("build_flavor", build.flavor());
                json.field("build_hash", build.hash());
                json.field("build_snapshot", build.isSnapshot());
                json.endObject();
                json.field("tagline", "You Know, for Search");
                json.endObject();
                channel.sendResponse(new RestResponse(RestStatus.OK, json));
            };
        }
    }
}
