//! Writes the messages, the client and the server of proto/analytics.proto.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("codegen/ has no folder above it")?;
    let files = protox::compile([engine.join("proto/analytics.proto")], [engine.join("proto")])?;
    let made = std::env::temp_dir().join(format!("codegen-{}", std::process::id()));
    std::fs::create_dir_all(&made)?;
    tonic_prost_build::configure().out_dir(&made).compile_fds(files)?;
    std::fs::copy(made.join("v7.analytics.v1.rs"), engine.join("src/analytics.rs"))?;
    std::fs::remove_dir_all(&made)?;
    Ok(())
}
