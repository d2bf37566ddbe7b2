# For an Astro project of your own: this in its Dockerfile, and `confluence-to-twig[s3]` in its requirements.txt, or the wheel
# in its folder as here. The Dockerfile at the top of this repository is the one of this project itself.
# Not built where this project is developed.
FROM astrocrpublic.azurecr.io/runtime:3.3-7
COPY confluence_to_twig-*.whl /tmp/
RUN for wheel in /tmp/confluence_to_twig-*.whl; do pip install --no-cache-dir "${wheel}[s3]"; done
